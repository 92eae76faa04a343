import { type Mutant, mutantsOf } from '../mutant.ts';

const FAULTS = 'test/unit/images/transfer-faults.test.ts';
const CHANNELS = 'test/contract/images/channels.test.ts';

/** Uploads, channels, and what is deleted. */
export const UPLOAD: readonly Mutant[] = [
  ...mutantsOf('pipeline/maas/images/retention.ts', ['test/unit/images/retention.test.ts'], {
    'channel-guard': ["if (ground.channels.has(image.name)) return 'a channel';", ''],
    'channel-shows': ['if (channel !== undefined) return `', 'if (false) return `'],
    'channel-goes-back': ['.slice(-2)', '.slice(-1)'],
    'entry-by-id-alone': ['e.resourceId === image.id && e.name === image.name', 'e.resourceId === image.id'],
    'entry-by-name-alone': ['e.resourceId === image.id && e.name === image.name', 'e.name === image.name'],
    'deployed-at-zone': ["text : `${text.replace(' ', 'T')}Z`", "text : text.replace(' ', 'T')"],
    'a-machine-has-it': ['if (machine !== undefined)', 'if (false)'],
    'on-its-way': ['!image.complete && ageMs < IN_FLIGHT_MS', 'false'],
    'dead-upload': ['ageMs < IN_FLIGHT_MS', 'true'],
    'not-from-here': [
      "if (!entry?.image) return kept('not uploaded from this host');",
      'if (!entry?.image) return { image, delete: true, why: "" };',
    ],
    'kept-count': ['rank <= policy.keep', 'rank < policy.keep'],
    'kept-days': ['ageMs < policy.days * DAY_MS', 'false'],
    'never-reported-when': ['image.lastDeployed === undefined && policy.deployedDays > 0', 'false'],
    'deployed-lately': ['!(deployedMs >= policy.deployedDays * DAY_MS)', 'false'],
    'deployed-at-rubbish': ['!(deployedMs >= policy', '(deployedMs < policy'],
    'of-this-target': ['entry.target === target)', 'true)'],
  }),
  ...mutantsOf('pipeline/maas/images/promote.ts', [CHANNELS], {
    'kept-file-of-another-size': ['if (facts.size !== size)', 'if (false)', 'test/unit/images/kept.test.ts'],
    'kept-sum': ["sha256 === sha256 ? 'good' : 'other'", "sha256 ? 'good' : 'other'"],
    'artifact-is-another': [
      "(await currentEntry(place, entry, emit, signal)) === 'good'",
      "(await currentEntry(place, entry, emit, signal)) !== 'nothing'",
      'test/unit/images/kept-moved.test.ts',
    ],
    unchecked: ['if (!checked)', 'if (false)'],
    incomplete: ["if (now?.at !== 'complete')", 'if (false)'],
    'another-file-system': [
      "error.code !== 'EXDEV' && error.code !== 'EPERM'",
      'true',
      'test/unit/images/kept.test.ts',
    ],
  }),
  ...mutantsOf('pipeline/maas/images/upload-state.ts', ['test/unit/images/upload-state.test.ts'], {
    size: [' && file.size === wanted.size', ''],
    sum: ['file.sha256 === wanted.sha256 && ', ''],
    'newest-complete': ['sets.find((set) => set.complete)', 'sets.findLast((set) => set.complete)'],
    'never-beyond-the-end': ['Math.min(Math.max(bytes, 0), set.size)', 'Math.max(bytes, 0)'],
    'every-byte-is-sent': ['offset < newest.size', 'offset <= newest.size'],
    'empty-sets': ['.filter((set) => set.files.length > 0)', ''],
  }),
  ...mutantsOf('pipeline/maas/images/transfer.ts', ['test/contract/images/pace.test.ts'], {
    'slow-answers': [
      'if (performance.now() - began > this.#tuning.slowChunkMs) this.#chunkSize.lower();\n        else',
      '',
    ],
    'cuts-are-counted': ['if (this.#cuts > 2)', 'if (false)'],
    'cuts-in-a-row': ['this.#cuts = 0;', ''],
    'complete-and-gone': ['this.#allThere = false;', '', FAULTS],
    'only-a-standstill-counts': [
      'this.#client.retryBudget.advanced();\n        this.#cuts',
      'this.#cuts',
      FAULTS,
    ],
  }),
  ...mutantsOf('pipeline/maas/images/chunk-put.ts', ['test/contract/images/overlap.test.ts'], {
    'its-end-waits': ['if (at === this.end) await this.#mayGo;', ''],
    'stuck-is-ended': ['this.#stuckAfter = setTimeout(end, STUCK_MS);', ''],
  }),
  ...mutantsOf('pipeline/maas/images/overlap.ts', ['test/contract/images/overlap.test.ts'], {
    'one-by-one-after-a-cut': ['if (next?.failedEarly) next = this.#oneByOne();', ''],
    'ends-what-is-behind': ['await next?.abandon();', ''],
  }),
  ...mutantsOf('pipeline/maas/images/chunk-size.ts', ['test/unit/images/chunk-size.test.ts'], {
    'refused-for-ever': ['this.#limit = this.#bytes;\n    return true', 'return true'],
    steady: ['if (this.#passed < STEADY) return;', ''],
    'not-above-the-limit': ['Math.min(larger, this.#limit)', 'larger'],
    'count-starts-again': ['this.#passed = 0;\n    const smaller', 'const smaller'],
  }),
];
