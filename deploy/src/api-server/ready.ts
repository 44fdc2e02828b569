import { readFile } from "node:fs/promises";
import { request } from "node:https";
import type { Credentials } from "./credentials.js";
import { HOST } from "./server-launches.js";

const ASK_BOUND_MS = 5_000;

/** Undefined when the API server says of itself that it can serve; else what it lacks. */
export async function apiServerLacks(
  apiPort: number,
  { token, certificateFile }: Credentials,
): Promise<string | undefined> {
  try {
    const certificate = await readFile(certificateFile, "utf8");
    const { status, body } = await ask({ apiPort, token, certificate, path: "/readyz?verbose" });
    return status === 200 ? undefined : failedChecks(body);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface Question {
  readonly apiPort: number;
  readonly token: string;
  readonly certificate: string;
  readonly path: string;
}

function ask({ apiPort, token, certificate, path }: Question): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: HOST,
        port: apiPort,
        path,
        ca: certificate,
        headers: { authorization: `Bearer ${token}` },
        agent: false,
        signal: AbortSignal.timeout(ASK_BOUND_MS),
      },
      (answer) => {
        let body = "";
        answer.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        answer.once("end", () => resolve({ status: answer.statusCode ?? 0, body }));
        answer.once("error", reject);
      },
    );
    asked.once("error", reject);
    asked.end();
  });
}

function failedChecks(body: string): string {
  const failed = body.split("\n").filter((line) => line.startsWith("[-]"));
  return failed.length === 0 ? body.slice(0, 200) : failed.join(", ");
}
