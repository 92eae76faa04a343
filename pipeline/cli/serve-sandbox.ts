import { once } from 'node:events';
import { join } from 'node:path';
import { registerSecret } from '../core/secrets/registry.ts';
import { $ } from '../host/process/tool.ts';
import { sandboxFolder } from '../workspace/layout.ts';
import { curtinOf } from './curtin-flag.ts';
import { asFault, loadSandbox, type SandboxGuests, type SandboxSettings } from './sandbox-package.ts';
import type { Session } from './session.ts';

/** Runs a sandbox until the session is interrupted, which is its normal end. Prints URL and key for a shell or as JSON. */
export async function serve(
  session: Session,
  {
    ssh,
    qemu,
    ...options
  }: Omit<SandboxSettings, 'dir' | 'ssh' | 'log'> & {
    dir: string | undefined;
    /** Deployed machines answer ssh. */
    ssh?: { port: number; troubles: string[] } | undefined;
    /** Real curtin installs them in QEMU, and they answer ssh on this port. */
    qemu?: { port: number; curtin: string[] | undefined } | undefined;
  },
): Promise<void> {
  const deploys = qemu
    ? `. Curtin installs each machine in QEMU, which then answers ssh on port ${qemu.port}.`
    : ssh
      ? `. A deployed machine runs the unpacked image and answers ssh on port ${ssh.port}.`
      : ' and deploys nothing.';
  const { open } = await loadSandbox();
  const dir = options.dir ?? sandboxFolder(session.env);
  const sandbox = await open({
    ...options,
    dir,
    guests: qemu && (await installedGuests(session, join(dir, 'machines'), qemu)),
    ssh: ssh && {
      ...ssh,
      dir: join(dir, 'guests'),
      run: (argv, options) => $({ ...options, nothrow: true })`${argv}`,
    },
    log: (line, level) =>
      session.emit(
        level === 'warning'
          ? { type: 'notice', level, message: line }
          : { type: 'log', source: 'sandbox', line },
      ),
  }).catch((error) => {
    throw asFault(error);
  });
  registerSecret(sandbox.apiKey);
  registerSecret(sandbox.userKey);
  registerSecret(sandbox.login.password);
  try {
    session.emit({
      type: 'notice',
      level: 'info',
      message: `A sandbox of MAAS ${sandbox.family} is at ${sandbox.url}; it is not MAAS${deploys}`,
      hint: `The API key is in ${sandbox.keyFile}. Ctrl-C stops the sandbox; its images are kept in ${dir}.`,
    });
    const shown = {
      url: sandbox.url,
      apiKey: sandbox.apiKey,
      keyFile: sandbox.keyFile,
      family: sandbox.family,
      dir,
    };
    const shell = `export MAAS_API_URL=${sandbox.url}\nexport MAAS_API_KEY=${sandbox.apiKey}`;
    // To hand out this key is what the command is for, so it goes past the masking of secrets.
    process.stdout.write(`${session.json ? JSON.stringify(shown, null, 2) : shell}\n`);
    if (!session.signal.aborted) await once(session.signal, 'abort');
  } finally {
    await sandbox.close();
  }
}

/** @throws Fault for what a rehearsal would miss on this host: CURTIN_MISSING, FIRMWARE_MISSING, TOOL_MISSING */
async function installedGuests(
  { env, emit, signal, configFile }: Session,
  dir: string,
  { port, curtin }: { port: number; curtin: string[] | undefined },
): Promise<SandboxGuests> {
  const { loadConfig } = await import('../config/load.ts');
  const { config } = await loadConfig({ file: configFile, env, cwd: process.cwd() });
  const { rehearsal } = config;
  if (curtin) rehearsal.curtin = curtinOf(curtin);
  const { checkRehearsal } = await import('../maas/rehearse/preflight.ts');
  await checkRehearsal(rehearsal, null, { config, env, emit, signal });
  const { qemuGuests } = await import('./qemu-guests.ts');
  return qemuGuests({ config, dir, port, emit, env, signal });
}
