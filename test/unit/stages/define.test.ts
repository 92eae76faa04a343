import { expect, it } from 'vitest';
import { ROWS, type SourceKind, STAGE_IDS, stageIdsOf } from '../../../pipeline/stages/rows.ts';
import { STAGES, stagesFor } from '../../../pipeline/stages/table.ts';
import { defineStage, type StageContext } from '../../../pipeline/stages/types.ts';
import { notCounted } from '../../../pipeline/workspace/fingerprint.ts';

const run = async () => ({ data: { verdict: {} as never }, files: [], summary: '' });

// The compiler holds these: a line below @ts-expect-error that compiles is an error.
it('a stage can declare neither a whole part of the configuration nor what cannot be counted', () => {
  const iso = defineStage('validate', { inputs: async ({ image }) => ({ name: image.name }), run });
  expect(iso).toMatchObject({ id: 'validate', label: 'Validation', needs: ['pack'] });
  // @ts-expect-error the image
  defineStage('validate', { inputs: async ({ image }) => ({ image }), run });
  // @ts-expect-error the configuration, deep within
  defineStage('validate', { inputs: async ({ config }) => ({ of: [{ config }] }), run });
  // @ts-expect-error the release, not even uncounted
  defineStage('validate', { inputs: async ({ release }) => ({ it: notCounted(release, 'x') }), run });
  // @ts-expect-error JSON holds no function
  defineStage('validate', { inputs: async ({ emit }) => ({ emit }), run });
  const reads = (context: StageContext<'validate'>) =>
    // @ts-expect-error its row does not need it
    context.output('upload');
  expect(reads).toBeTypeOf('function');
});

it('run receives the type that inputs declare', () => {
  defineStage('validate', {
    inputs: async ({ image }) => ({ name: image.name, path: notCounted('/a', 'x') }),
    async run(inputs) {
      const texts: string[] = [inputs.name, inputs.path];
      // @ts-expect-error it was not declared
      texts.push(inputs.version);
      return run();
    },
  });
});

it('a row needs rows above it, and options add rows at their places', () => {
  for (const [at, { needs }] of ROWS.entries())
    for (const id of needs) expect(STAGE_IDS.indexOf(id)).toBeLessThan(at);
  const ids = (asked: Parameters<typeof stagesFor>[0], from: SourceKind = 'iso') =>
    stagesFor(asked, from).map(({ id }) => id);
  expect(STAGES.map(({ id }) => id)).toEqual(['iso', 'render', 'build', 'pack', 'validate', 'upload']);
  expect(ids({ rehearse: true, accept: true, promote: 'stable' })).toEqual(stageIdsOf('iso'));
  expect(ids({ rehearse: true }).slice(-3)).toEqual(['validate', 'rehearse', 'upload']);
  expect(ids({}, 'archive')).toEqual(['sources', 'render', 'build', 'pack', 'validate', 'upload']);
  expect(ids({ promote: 'stable' }).at(-1)).toBe('promote');
  expect(() => stagesFor({ promote: 'No Word' }, 'iso')).toThrow('is not a name for a channel');
});
