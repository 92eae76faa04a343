import { expect, it } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { plainRenderer, terminalRenderer } from '../../../pipeline/report/text/renderer.ts';

const start = (image: string): Event => ({ type: 'run-start', image, stages: ['build'] });
const end = (image: string): Event => ({ type: 'run-end', image, ok: true, seconds: 1 });
const stage = (image: string): Event => ({ type: 'stage-start', image, stage: 'build', reason: 'why' });
const done = (image: string): Event => ({
  type: 'stage-end',
  image,
  stage: 'build',
  seconds: 1,
  summary: 'made',
});

function shown(events: Event[]): string[] {
  let text = '';
  const renderer = plainRenderer({ write: (part) => (text += part) }, paint(false), { verbose: false });
  for (const event of events) renderer.show(event);
  renderer.close();
  return text.trimEnd().split('\n');
}

it('names images on the lines of stages only while several run', () => {
  expect(
    shown([start('a'), stage('a'), start('b'), stage('b'), done('a'), end('a'), done('b'), end('b')]),
  ).toEqual(['▸ build    why', '▸ b build    why', '✓ a build    made 1.0 s', '✓ b build    made 1.0 s']);
  expect(shown([start('a'), stage('a'), end('a'), start('b'), stage('b'), end('b')])).toEqual([
    '▸ build    why',
    '▸ build    why',
  ]);
});

it('the end of one image leaves the live lines of the others', () => {
  let text = '';
  const renderer = terminalRenderer(
    { write: (part) => (text += part), columns: 80, rows: 24 },
    paint(false),
    { verbose: false },
  );
  const activity = (image: string): Event => ({
    type: 'activity',
    id: `${image}/build`,
    label: `${image}: the VM boots`,
  });
  for (const event of [start('a'), start('b'), activity('a'), activity('b')]) renderer.show(event);
  text = '';
  renderer.show(done('a'));
  expect(text).toContain('b: the VM boots');
  expect(text).not.toContain('a: the VM boots');
  renderer.close();
});
