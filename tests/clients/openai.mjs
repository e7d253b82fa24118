// Runs npm's `openai`: {url, key, input} in, {answer} or {error} out.  Where there is no
// url, the client has to find it and the key in its environment.
import { text } from "node:stream/consumers";

import OpenAI from "openai";

const { url, key, input } = JSON.parse(await text(process.stdin));
const where = url ? { baseURL: `${url}/v1`, apiKey: key } : {};
const client = new OpenAI({ ...where, maxRetries: 0 });

const outcome = await client.moderations.create({ input }).then(
  (answer) => ({ answer }),
  ({ constructor, status, type, param, code, message }) => ({
    error: { name: constructor.name, status, type, param, code, message },
  }),
);
console.log(JSON.stringify(outcome));
