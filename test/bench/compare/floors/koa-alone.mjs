import Koa from 'koa';

/** Reads a small JSON body and answers with another, as a gateway without anything behind it would. */
const app = new Koa();
app.use(async (ctx) => {
  let text = '';
  for await (const piece of ctx.req) text += piece;
  const { type } = text === '' ? {} : JSON.parse(text);
  ctx.status = 202;
  ctx.body = { id: 'job_0190f3a2-7f7a-7c1e-9a57-3d1a5f6f2b10', type, status: 'queued' };
});
app.listen(Number(process.env.PORT), '127.0.0.1');
