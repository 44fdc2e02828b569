// The image's health check: ends with 0 where the process in the container says that it lives.

const port = process.env.LASTKNOWN_OPERATIONS_PORT ?? "9464";
const ANSWER_BOUND_MS = 2000;

try {
  const answer = await fetch(`http://127.0.0.1:${port}/livez`, {
    signal: AbortSignal.timeout(ANSWER_BOUND_MS),
  });
  if (!answer.ok) fail(`/livez answers ${answer.status}`);
} catch (error) {
  fail(`/livez at port ${port} does not answer: ${error.cause?.message ?? error.message}`);
}

function fail(reason) {
  process.stderr.write(`${reason}\n`);
  process.exitCode = 1;
}
