import { describe, expect, test } from 'vitest';
import { profileChanges } from '../../../pipeline/maas/machines/profile.ts';
import { neededChanges } from '../../../pipeline/maas/machines/tags.ts';
import { machine } from './machine.ts';

const shown = (changes: ReturnType<typeof neededChanges>) =>
  changes.map(
    ({ tag, way, machines }) => `${way} ${tag}: ${machines.map(({ hostname }) => hostname).join(' ')}`,
  );

describe("DeepOps' profiles", () => {
  const three = ['gpu01', 'gpu02', 'gpu03'].map((hostname) => machine({ hostname }));

  test('slurm: the first is the master', () =>
    expect(shown(neededChanges(profileChanges('slurm', three).changes))).toEqual([
      'add slurm-master: gpu01',
      'add slurm-node: gpu02 gpu03',
    ]));

  test('k8s, with a head of its own', () =>
    expect(shown(neededChanges(profileChanges('k8s', three, 'gpu03').changes))).toEqual([
      'add kube_control_plane: gpu03',
      'add etcd: gpu03',
      'add kube_node: gpu01 gpu02',
    ]));

  test('a machine changes its role altogether, and keeps its other tags', () => {
    const before = [
      machine({ hostname: 'gpu01', tags: ['kube-master', 'etcd', 'rack1'] }),
      machine({ hostname: 'gpu02', tags: ['kube_node', 'slurm-node'] }),
    ];
    expect(shown(neededChanges(profileChanges('slurm', before).changes))).toEqual([
      'remove kube_node: gpu02',
      'remove etcd: gpu01',
      'remove kube-master: gpu01',
      'add slurm-master: gpu01',
    ]);
  });

  test('a head that is none of them', () =>
    expect(() => profileChanges('slurm', three, 'gpu09')).toThrow(
      /gpu09 is not one of the selected machines/,
    ));
});
