export { unlessAborted } from "./unless-aborted.js";
export { withDeadline } from "./with-deadline.js";
