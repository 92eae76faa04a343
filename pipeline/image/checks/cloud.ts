import type { CloudEffect } from '../facts/collect/cloud.ts';
import type { ImageFacts } from '../facts/facts.ts';
import { dsIdentifyOf } from '../parsers/ds-identify.ts';
import { type Check, failOr, type Severity } from './types.ts';

const WEIGHT: Record<CloudEffect, Severity> = {
  off: 'blocker',
  network: 'major',
  part: 'major',
  replaced: 'warning',
};

function cloudInitVersion({ packages }: ImageFacts): string | null {
  return packages.find(({ name }) => name === 'cloud-init' || name === 'cloud-init-base')?.version ?? null;
}

/** Requirements of cloud-init, so that the machine reports to MAAS. */
export const CLOUD_CHECKS: Check[] = [
  {
    number: 25,
    id: 'cloud-init-enabled',
    title: 'cloud-init runs and asks MAAS',
    wrong: 'the image keeps cloud-init from its work',
    severity: 'blocker',
    why: 'A machine whose cloud-init does not ask MAAS stays in Deploying (packer-maas #232). The check evaluates the files as ds-identify, systemd and cloud-init do after MAAS has added its own.',
    fix: 'Remove the items named: the installer’s files in /etc/cloud/cloud.cfg.d, masks and disabled units (`systemctl unmask`, `systemctl enable`), words of the kernel’s command line. A datasource_list must be one line, `datasource_list: [ MAAS ]`.',
    reads: /^etc\/(?:cloud|default\/grub)/,
    evaluate(facts) {
      const ways = dsIdentifyOf(cloudInitVersion(facts));
      const found = facts.cloud.disabling.filter(
        ({ cloudInit }) => cloudInit === undefined || cloudInit.some((from) => ways.includes(from)),
      );
      return failOr(
        found.map(({ subject, text, effect }) => ({ subject, text, severity: WEIGHT[effect] })),
        'nothing prevents it',
      );
    },
  },
  {
    number: 26,
    id: 'cloud-init-state',
    title: 'cloud-init has no earlier instance',
    wrong: 'cloud-init has an earlier instance in the image',
    severity: 'blocker',
    why: 'cloud-init skips the first-boot steps for an instance that it knows.',
    fix: 'As the last step: `cloud-init clean --logs` or `rm -rf /var/lib/cloud/instance*`.',
    evaluate: ({ cloud }) =>
      failOr(
        cloud.instances.map((path) => ({ subject: path, text: path })),
        'none',
      ),
  },
];
