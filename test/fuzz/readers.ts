import { endpointOf } from '../../pipeline/config/maas-url.ts';
import { Source } from '../../pipeline/config/yaml/source.ts';
import { safeText } from '../../pipeline/core/escape/html.ts';
import { plain } from '../../pipeline/core/escape/terminal.ts';
import { failureIn, meaningOf } from '../../pipeline/host/vm/console.ts';
import { parseEnvelope } from '../../pipeline/image/attest/dsse.ts';
import { spdxOf } from '../../pipeline/image/attest/spdx.ts';
import { readStatement } from '../../pipeline/image/attest/statement.ts';
import { parseSums } from '../../pipeline/image/attest/sums.ts';
import { parseWaivers } from '../../pipeline/image/checks/waivers.ts';
import { describeJson } from '../../pipeline/image/diff/json-file.ts';
import { createInspector } from '../../pipeline/image/facts/inspector.ts';
import { nameProblem, normalise, shown } from '../../pipeline/image/tar/names.ts';
import { parsePax } from '../../pipeline/image/tar/pax.ts';
import { paxSparse } from '../../pipeline/image/tar/sparse.ts';
import { grubTitles } from '../../pipeline/install/iso/grub-menu.ts';
import { parseReport } from '../../pipeline/install/iso/listing.ts';
import { parseVolume } from '../../pipeline/install/iso/volume.ts';
import { causeOf } from '../../pipeline/install/vm/causes.ts';
import { parseRow, spokenLines } from '../../pipeline/install/vm/machine-readable.ts';
import { parseApiKey } from '../../pipeline/maas/api/api-key.ts';
import { explainMaasError, plainText } from '../../pipeline/maas/api/maas-error.ts';
import { parseVersion } from '../../pipeline/maas/api/version.ts';

type Read = (input: Buffer) => unknown;

const text = (read: (text: string) => unknown) => (input: Buffer) => read(input.toString());
const byLine = (read: (line: string) => unknown) => (input: Buffer) => input.toString().split('\n').map(read);

/** Readers of foreign bytes besides the parsers of an image's files, by folder. */
export const READERS: Record<string, Record<string, Read>> = {
  image: {
    inspector: (input) => read(input),
    parsePax: (input) => {
      const records = parsePax(input);
      return records && paxSparse(records);
    },
    nameProblem: (input) => nameProblem(input.toString('latin1'), 'file'),
    normalise: (input) => normalise(input.toString('latin1')),
    shown: (input) => shown(input.toString('latin1')),
  },
  yaml: {
    source: text((said) => new Source('x.yaml', said)),
    waivers: text((said) => parseWaivers(said, 'x.yaml')),
  },
  iso: { grubTitles: text(grubTitles), parseReport: text(parseReport), parseVolume },
  build: {
    meaningOf: text(meaningOf),
    failureIn: text(failureIn),
    rows: byLine((line) => {
      const row = parseRow(line);
      return row && spokenLines(row);
    }),
    causeOf: text((said) =>
      causeOf({ packer: said, qemu: said.split('\n'), serial: said.split('\n') }, 'logs'),
    ),
  },
  attest: {
    parseEnvelope: text(parseEnvelope),
    readStatement: (input) => readStatement(input),
    parseSums: text(parseSums),
    spdxOf: text(spdxOf),
  },
  maas: {
    explain: text((said) => explainMaasError('GET x', 400, said, said)),
    plainText: text(plainText),
    parseApiKey: text((said) => parseApiKey(said, 'here')),
    parseVersion: text(parseVersion),
    endpointOf: text(endpointOf),
  },
  reports: {
    plain: text(plain),
    safeText: text(safeText),
    describeJson: text((said) => describeJson('facts.json', said)),
  },
};

async function read(tar: Buffer): Promise<unknown> {
  const inspector = createInspector();
  inspector.end(tar);
  return inspector.facts();
}
