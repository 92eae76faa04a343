import type { Rule } from './faults.ts';
import { errorPage } from './front.ts';
import { html, json, type Reply, text } from './reply.ts';
import type { Traits } from './versions.ts';

/** Statuses that come from nginx rather than from MAAS. */
const OF_NGINX = [408, 413, 502, 503, 504];

/** The answer that a rule puts in place of the real one, or undefined when it leaves that alone. */
export function answerOf(rule: Rule, traits: Traits, kind: string): Reply | undefined {
  if (rule.fault === 'disk-full') return diskFull(traits, kind);
  if (rule.fault !== 'status') return undefined;
  const { status } = rule;
  const seconds = rule.argument ?? (status === 409 ? 5 : undefined);
  const headers: Record<string, string> = seconds === undefined ? {} : { 'retry-after': String(seconds) };
  if (OF_NGINX.includes(status)) return errorPage(status, headers);
  if (status === 409)
    return html(409, 'Conflict error. Try your request again, as it will most likely succeed.', headers);
  return text(status, `Fault injected: ${status}`, headers);
}

/** 3.8 has an answer for a full disk; before it is one of the unexpected errors. */
function diskFull(traits: Traits, kind: string): Reply {
  if (kind === 'stream')
    return json(507, {
      kind: 'Error',
      code: 507,
      message: "Can't store the file you are trying to upload. There's no sufficient space on storage.",
    });
  return traits.storage === 'appended'
    ? text(400, 'No space left on device')
    : text(500, '[Errno 28] No space left on device');
}
