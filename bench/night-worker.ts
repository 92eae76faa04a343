import { spawn } from 'node:child_process';
import { connect } from '../pipeline/queue/connection.ts';
import { Tally } from '../pipeline/queue/metrics.ts';
import type { Need, Origin } from '../pipeline/queue/unit.ts';
import { serve } from '../pipeline/queue/worker.ts';

// A worker of bench/night.ts: each unit is a small program, whose begin and end are its result.
const { port, dir, sleepS, origin, need } = JSON.parse(process.argv[2] as string) as {
  port: number;
  dir: string;
  sleepS: number;
  origin: Origin;
  need: Need;
};
const abort = new AbortController();
process.on('SIGTERM', () => abort.abort());
const { signal } = abort;
const queue = {
  ...{ place: `redis://127.0.0.1:${port}`, user: null, caCert: null },
  password: { from: 'environment', variable: 'NONE' },
} as const;
const emit = () => {};
const connection = await connect(queue, { env: {}, emit, signal });
const at = () => ({ fingerprint: String(Date.now()), inputs: {} });
await serve({
  ...{ connection, origin, needs: [need], jobs: 1, graceMs: 0, tally: new Tally(), signal },
  unchanged: async () => true,
  emit: (event) => {
    if (event.type === 'notice' && event.message.startsWith('ready')) process.stdout.write('ready\n');
  },
  async execute({ image }) {
    const begin = at();
    const file = `${dir}/${image}`;
    const program = `sleep ${sleepS}; head -c 10000000 /dev/zero > ${file}; rm ${file}`;
    await new Promise((resolve, reject) => {
      spawn('sh', ['-c', program], { stdio: 'ignore' }).once('error', reject).once('close', resolve);
    });
    return [
      { stage: 'begin', ...begin },
      { stage: 'end', ...at() },
    ];
  },
});
connection.close();
