import { createServer } from "node:net";
import { parentPort } from "node:worker_threads";

const ECHO = "e".charCodeAt(0);

const server = createServer({ noDelay: true }, (socket) => {
  let isEcho;
  // Whoever asked may go away in the middle of a stream.
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes) => {
    const rest = isEcho === undefined ? bytes.subarray(1) : bytes;
    isEcho ??= bytes[0] === ECHO;
    if (isEcho && rest.length > 0) socket.write(rest);
  });
});
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
