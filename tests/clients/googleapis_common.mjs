// Runs npm's `googleapis-common`, which is what `googleapis` finds methods with:
// {url, key, method, body} in, {answer} or {error} out.
import { text } from "node:stream/consumers";

import { Discovery } from "googleapis-common";

const { url, key, method, body } = JSON.parse(await text(process.stdin));
const discovery = new Discovery({ debug: false, includePrivate: false });
const makeApi = await discovery.discoverAPI(
  `${url}/$discovery/rest?version=v1alpha1`,
);
const api = makeApi({ version: "v1alpha1", auth: key });

const outcome = await api.comments[method]({ resource: body }).then(
  ({ status, data }) => ({ answer: data, status }),
  ({ status, message, response }) => ({
    error: { status, message, details: response?.data?.error?.details },
  }),
);
console.log(JSON.stringify(outcome));
