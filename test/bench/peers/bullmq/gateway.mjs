import { createServer } from 'node:http';
import { bodyParser } from '@koa/bodyparser';
import Router from '@koa/router';
import { Queue, QueueEvents } from 'bullmq';
import Koa from 'koa';
import { WebSocketServer } from 'ws';
import { connection, defaultJobOptions, NAME } from './queue.mjs';

/** A request fails at once when Redis is away, as the guide "Going to production" has it for producers. */
const queue = new Queue(NAME, { connection: { ...connection, enableOfflineQueue: false }, defaultJobOptions });
const events = new QueueEvents(NAME, { connection: { ...connection, maxRetriesPerRequest: null } });
await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
// One listener for each job that somebody waits for.
events.setMaxListeners(0);

const LONGEST_WAIT_MS = 60_000;

const router = new Router();
router.post('/v1/jobs', async (ctx) => {
  const { type, input } = ctx.request.body;
  const { id } = await queue.add(type, input);
  ctx.status = 202;
  ctx.body = { id, status: 'queued' };
});
router.get('/v1/jobs/:id', async (ctx) => {
  const { id } = ctx.params;
  const job = await queue.getJob(id);
  if (job === undefined) ctx.throw(404);
  const done = job.finishedOn !== undefined && job.failedReason === undefined;
  ctx.body = done ? { id, status: 'succeeded', result: job.returnvalue } : { id, status: 'queued' };
});

const app = new Koa();
app.use(bodyParser()).use(router.routes());
const server = createServer(app.callback());

/** `{id, job}` submits; `{id, accepted}` and `{id, result}` come back. */
new WebSocketServer({ server, path: '/v1/ws' }).on('connection', (socket) => {
  socket.on('message', async (text) => {
    const { id, job } = JSON.parse(text);
    try {
      const added = await queue.add(job.type, job.input);
      socket.send(JSON.stringify({ id, accepted: added.id }));
      const result = await added.waitUntilFinished(events, LONGEST_WAIT_MS);
      socket.send(JSON.stringify({ id, result }));
    } catch (error) {
      socket.send(JSON.stringify({ id, error: error.message }));
    }
  });
});

server.listen(Number(process.env.PORT), '127.0.0.1');
