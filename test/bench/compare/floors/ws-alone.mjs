import { WebSocketServer } from 'ws';

/** Answers each frame at once. */
const server = new WebSocketServer({ port: Number(process.env.PORT), host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket) => {
  socket.on('message', (text) => {
    const { id } = JSON.parse(String(text));
    socket.send(JSON.stringify({ id, result: { model: 'mock-d4', dimensions: 4, vectors: [[0.5, 0.5, 0.5, 0.5]] } }));
  });
});
