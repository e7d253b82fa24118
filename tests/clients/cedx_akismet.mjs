// Runs npm's `@cedx/akismet`: {url, key, blog, call, comment, isTest} in, {answer} or
// {error} out.
import { text } from "node:stream/consumers";

import { Author, Blog, Client, Comment } from "@cedx/akismet";

const { url, key, blog, call, comment, isTest } = JSON.parse(await text(process.stdin));
const client = new Client(key, new Blog(blog), { baseUrl: url, isTest });
const sent = comment && new Comment({ ...comment, author: new Author(comment.author) });

const outcome = await client[call](sent).then(
  (answer) => ({ answer: answer ?? null }),
  ({ message }) => ({ error: message }),
);
console.log(JSON.stringify(outcome));
