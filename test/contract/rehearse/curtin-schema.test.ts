import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { disksFor, LAYOUTS, namedLayout, storageConfig } from '../../../pipeline/maas/rehearse/layouts.ts';

/** Folders of real curtins, as in test/contract/render/hook.test.ts; the layouts themselves are judged in test/unit/rehearse. */
const REAL = (process.env.DGXOS_MAAS_CURTIN ?? '').split(':').filter(Boolean);
const JUDGE = `
import json, sys
from curtin import storage_config
config = json.load(sys.stdin)
storage_config.validate_config(config["storage"])
print(json.dumps(list(storage_config.extract_storage_ordered_dict(config))))
`;

test('each layout has a disk to boot from', () => {
  for (const layout of Object.values(LAYOUTS)) expect(disksFor(layout, 1, 2 ** 34)[0]!.name).toBe('vda');
});

// python3-jsonschema must be there: without it curtin judges nothing.
test.each(REAL.flatMap((curtin) => Object.keys(LAYOUTS).map((layout) => [curtin, layout])))(
  '%s accepts the layout %s by its own schema',
  (curtin, name) => {
    const layout = namedLayout(name!)!;
    const config = storageConfig(layout, disksFor(layout, 1, 2 ** 34));
    const stdout = execFileSync('python3', ['-c', `import jsonschema${JUDGE}`], {
      input: JSON.stringify(config),
      env: { ...process.env, PYTHONPATH: curtin, PYTHONDONTWRITEBYTECODE: '1' },
    });
    const { config: entries } = config.storage as { config: { id: string }[] };
    expect(JSON.parse(stdout.toString())).toEqual(entries.map(({ id }) => id));
  },
);
