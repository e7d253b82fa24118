// Runs npm's `akismet`: {client, call, comment} in, {error, answer} out.
import { text } from "node:stream/consumers";
import { promisify } from "node:util";

import akismet from "akismet";

const { client, call, comment } = JSON.parse(await text(process.stdin));
const made = akismet.client(client);
const asked = promisify(made[call].bind(made));

const outcome = await asked(...(comment ? [comment] : [])).then(
  (answer) => ({ answer: answer ?? null }),
  ({ message }) => ({ error: message }),
);
console.log(JSON.stringify(outcome));
