import { shellQuoted } from '../../host/process/shell-word.ts';
import { BOOT_DISK, commandLine } from '../render/boot.ts';
import { readTemplate, renderTemplate } from '../render/templates.ts';
import type { RenderInput } from '../render/types.ts';
import type { Upstream } from '../render/upstream.ts';

/** Port of the installer's configuration, on the loopback of the installation's own network namespace. */
const PORT = 8089;

/** The files that stand in for curtin where the live system has none. */
export const INTERPRETER = ['main', 'config', 'check', 'extract', 'target'].map(
  (name) => `interpreter/${name}.py`,
);

/** The configuration that goes on from a layer, beside `curtin.yaml`. */
export const FROM_LAYER = 'from-layer.yaml';

/**
 * The files of the Packer directory by name: HCL that runs build.sh, which may as well be run by hand.
 * @param replaced absolute paths of the live system's files that a layer takes the place of
 */
export async function namespaceFiles(
  input: RenderInput,
  upstream: Upstream | undefined,
  replaced: string[],
): Promise<[string, string][]> {
  const { image, squashfs } = input;
  const inside = {
    squashfs: shellQuoted(`/${squashfs.path}`),
    offset: squashfs.offset,
    // unsquashfs reads a name a line, from its root.
    replaced: replaced.flatMap((path) =>
      path.includes('\n') ? [] : [shellQuoted(path.replace(/^\/+/, ''))],
    ),
    disk: BOOT_DISK,
    port: PORT,
    commandLine: shellQuoted(commandLine(input, upstream, `http://127.0.0.1:${PORT}/curtin.yaml`)),
  };
  return [
    ['source.pkr.hcl', await renderTemplate('hcl/namespace.pkr.hcl.eta', { image: image.name })],
    ['build.sh', await renderTemplate('namespace/build.sh.eta', { image: image.name })],
    ['inside.sh', await renderTemplate('namespace/inside.sh.eta', inside)],
    ['system.sh', await readTemplate('namespace/system.sh')],
    ['servers.py', await readTemplate('namespace/servers.py')],
    ...(await Promise.all(
      INTERPRETER.map(
        async (name): Promise<[string, string]> => [name, await readTemplate(`namespace/${name}`)],
      ),
    )),
    ['hand-over.sh', await readTemplate('hcl/hand-over.sh')],
  ];
}
