import { CLIENT_FRAMES, SERVER_FRAMES } from '../socket/frames.ts';
import { VERSION } from '../version.ts';
import { nameOf } from './named.ts';
import { namedSchemas } from './schemas.ts';

type Json = Record<string, unknown>;

const PREFIX = '#/components/schemas/';
const CHANNEL = '#/channels/socket';

/** The AsyncAPI 3.0 description of the WebSocket, from the very schemas that check its frames. */
export function asyncApi(): Json {
  const [sent, received] = [namesOf(CLIENT_FRAMES), namesOf(SERVER_FRAMES)];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Warren over WebSocket',
      version: VERSION,
      description:
        'Subprotocol `warren.v1`. The key goes in the Authorization header, in `?key=` (loopback only), or is stood in for by a ' +
        '60-second `?ticket=` from `POST /v1/tickets`. Events of a job are numbered without gaps; a client that subscribes with ' +
        '`after` its last number misses nothing and sees nothing twice. Close codes: 1001 going away, 1009 frame too big, ' +
        '4400 bad frame, 4408 no heartbeat, 4413 slow reader (resume by seq), 4429 too many subscriptions.',
    },
    channels: {
      socket: {
        address: '/v1/ws',
        messages: Object.fromEntries(
          [...sent, ...received].map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: { ws: { method: 'GET', bindingVersion: '0.1.0' } },
      },
    },
    operations: {
      hear: { action: 'receive', summary: 'What a client may say', channel: { $ref: CHANNEL }, messages: refsOf(sent) },
      tell: { action: 'send', summary: 'What the server says', channel: { $ref: CHANNEL }, messages: refsOf(received) },
    },
    components: {
      messages: Object.fromEntries(
        [...sent, ...received].map((name) => [name, { name, payload: { $ref: PREFIX + name } }]),
      ),
      schemas: namedSchemas(PREFIX),
    },
  };
}

const namesOf = (frames: typeof CLIENT_FRAMES | typeof SERVER_FRAMES): string[] =>
  Object.values(frames).flatMap((frame) => nameOf(frame) ?? []);

const refsOf = (names: readonly string[]): Json[] => names.map((name) => ({ $ref: `${CHANNEL}/messages/${name}` }));
