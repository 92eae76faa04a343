// A simulation, nothing is measured: a night of 1,000 images on 100 builders, some of which fail, one store and one host that
// finishes the night. It prints how long each part takes, and which of them decides the length of the night.
import { parseArgs } from 'node:util';
import { TIMING } from '../pipeline/queue/timing.ts';
import { say } from './measure.ts';

const { values } = parseArgs({
  options: { images: { type: 'string', default: '1000' }, builders: { type: 'string', default: '100' } },
});
const [images, builders] = [Number(values.images), Number(values.builders)];

/** Seconds of a build, without transfers: 40 to 80 minutes. */
const BUILD_S = [2400, 4800] as const;
/** Part of the builds whose worker is lost in the middle. */
const LOST = 0.05;
/** Part of the builds that fail by themselves, and are begun again. */
const FAILED = 0.02;
/** Bytes of a root and of its artifact. */
const [ROOT, ARTIFACT] = [7e9, 3e9];
/** Bytes a second of a host's network, and of the store's. */
const [HOST, STORE] = [1.2e8, 1.2e9];
/** Between the loss of a worker and another's begin: the lock and two looks, in seconds. */
const NOTICED_S = (TIMING.lockMs + 2 * TIMING.stalledMs) / 1000;
/** Seconds that Redis is busy with a unit: measured by bench:night, about 20 calls of 0.1 ms. */
const REDIS_S = 0.002;

/** Numbers from 0 to 1, the same in every run. */
let state = 1;
const random = () => {
  state = (state * 48_271) % 2_147_483_647;
  return state / 2_147_483_647;
};

// Each builder takes the next unit when it is free; a lost or failed try costs its time, and the next begins where the store has it.
const free = Array.from({ length: builders }, () => 0);
const done: number[] = [];
let builtS = 0;
let repeatedS = 0;
for (let image = 0; image < images; image++) {
  const builder = free.indexOf(Math.min(...free));
  const whole = BUILD_S[0] + random() * (BUILD_S[1] - BUILD_S[0]);
  let took = whole + (ROOT + ARTIFACT) / HOST;
  const chance = random();
  if (chance < LOST) repeatedS += random() * whole + NOTICED_S;
  else if (chance < LOST + FAILED) repeatedS += whole;
  if (chance < LOST + FAILED) took *= 1.5;
  builtS += took;
  free[builder] = (free[builder] as number) + took;
  done.push(free[builder] as number);
}
const workersS = Math.max(...free);
const storeS = (images * (ROOT + 2 * ARTIFACT)) / STORE;
// The finishing host fetches each artifact and uploads it to MAAS; the root stays in the store.
let finisherS = 0;
for (const at of done.sort((a, b) => a - b)) finisherS = Math.max(finisherS, at) + (2 * ARTIFACT) / HOST;
const redisS = images * REDIS_S;
const parts = { workersS, storeS, finisherS: (images * 2 * ARTIFACT) / HOST, redisS };
const [bottleneck] = Object.entries(parts).sort(([, a], [, b]) => b - a)[0] as [string, number];
const hours = (s: number) => `${(s / 3600).toFixed(1)} h`;
say(`${images} images on ${builders} builders: ${hours(finisherS)} until the last one is uploaded`);
say(
  `builders ${hours(workersS)} (${((100 * repeatedS) / builtS).toFixed(1)} % of their work is repeated), store ${hours(storeS)}, finishing host ${hours(parts.finisherS)}, Redis ${redisS.toFixed(0)} s`,
);
console.log(JSON.stringify({ images, builders, nightS: Math.round(finisherS), parts, bottleneck }));
