import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SHELLS, type Shell } from '../../../pipeline/cli/completion/script.ts';
import { CLI } from '../../cli.ts';
import { Host } from '../cli/host.ts';
import { blocksOf } from '../docs/blocks.ts';

/** Starts a shell at a terminal, types once the prompt is there, and reads until all that is wanted was shown. */
const AT_A_TERMINAL = `
import os, pty, re, select, sys, time
keys, wanted, argv = sys.argv[1], sys.argv[2].split('\\n'), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(argv[0], argv)
def read(until):
    shown, end = '', time.time() + 60
    while time.time() < end and not until(shown):
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                part = os.read(terminal, 65536)
            except OSError:
                break
            # what moves the cursor or colours
            shown += re.sub(r'\\x1b\\[[0-9;?]*[ -/]*[@-~]|\\x1b[()=>][0-9A-Z]?', '', part.decode('utf-8', 'replace'))
    return shown
start = read(lambda shown: 'READY> ' in shown)
os.write(terminal, keys.encode())
shown = read(lambda shown: all(one in shown for one in wanted))
os.kill(pid, 9)
os.waitpid(pid, 0)
print(start + shown)
`;

let host: Host;
beforeAll(() => {
  // A cursor that no shell needs to ask a terminal for.
  host = new Host({ TERM: 'xterm', LINES: '50', COLUMNS: '100' });
  const at = (name: string) => join(host.dir, name);
  mkdirSync(at('bin'));
  symlinkSync(CLI, at('bin/dgxos-maas'));
  host.env.PATH = `${at('bin')}:${host.env.PATH}`;
  // As in a home where nothing is set.
  delete host.env.XDG_CONFIG_HOME;
  const images = (...names: string[]) => `images:\n${names.map((name) => `  ${name}: {}\n`).join('')}`;
  // Not right yet, as after `init`: the names are there.
  writeFileSync(at('dgxos-maas.yaml'), `${images('dgx1', 'dgx2')}targets:\n  lab: {}\n`);
  writeFileSync(at('other.yaml'), images('elsewhere'));
  writeFileSync(at('my image.tar.gz'), '');
  writeFileSync(at('image.tar.gz'), '');
  writeFileSync(at('.bashrc'), 'bind "set show-all-if-ambiguous on"\n');
  writeFileSync(at('.zshrc'), 'setopt no_list_ambiguous\nautoload -Uz compinit && compinit -u -D\n');
});
afterAll(() => host.remove());

/** The line that switches it on, from the docs. */
function switchedOn(shell: Shell): string {
  const block = blocksOf('docs/guide.md').find(({ text }) => text.includes(`completion ${shell}`));
  const line = block?.text.split('\n').find((one) => one.includes(`completion ${shell}`));
  return `${line}`;
}

const START: Record<Shell, string[]> = {
  bash: ['bash', '--noprofile', '-i'],
  zsh: ['zsh', '-d', '-i'],
  fish: ['fish', '-i'],
};

/** The screen of a terminal after this was typed behind the prompt, and Tab pressed. */
async function shown(shell: Shell, typed: string, wanted: string[]): Promise<string> {
  const argv = ['-c', AT_A_TERMINAL, `${typed}\t`, wanted.join('\n'), ...START[shell]];
  const options = { cwd: host.dir, env: host.env, extendEnv: false };
  return (await execa('python3', argv, options)).stdout;
}

describe.each(SHELLS)('%s', (shell) => {
  beforeAll(async () => {
    const options = { cwd: host.dir, env: host.env, extendEnv: false };
    // Twice, as with a second login or a `source ~/.bashrc`: nothing is said against it.
    for (let time = 0; time < 2; time++) await execa('sh', ['-c', switchedOn(shell)], options);
    const prompts = {
      bash: ['.bashrc', 'PS1="READY> "'],
      zsh: ['.zshrc', 'PS1="READY> "'],
      fish: ['.config/fish/config.fish', 'function fish_prompt; echo -n "READY> "; end; set fish_greeting'],
    } as const;
    const [file, prompt] = prompts[shell];
    const path = join(host.dir, file);
    writeFileSync(path, `${existsSync(path) ? readFileSync(path, 'utf8') : ''}\n${prompt}\n`);
  });

  it.each([
    ['dgxos-maas mach', ['dgxos-maas machines ']],
    ['dgxos-maas machines depl', ['machines deploy ']],
    ['dgxos-maas run ', ['dgx1', 'dgx2']],
    ['dgxos-maas run dgx1 --from b', ['--from build']],
    ['dgxos-maas run dgx1 --boot=t', ['--boot=typed']],
    ['dgxos-maas run dgx1 --accel', ['--accelerator ']],
    ['dgxos-maas upload dgx1 --to l', ['--to lab ']],
    ['dgxos-maas -c other.yaml run e', ['run elsewhere ']],
    ['dgxos-maas init --release demo-a', ['--release demo-archive']],
    ['dgxos-maas help machines pow', ['machines power ']],
    ['dgxos-maas upload ima', ['upload image.tar.gz ']],
    ['dgxos-maas verify ./ima', ['./image.tar.gz ']],
    ['dgxos-maas upload "my image.tar.gz" --to l', ['--to lab ']],
    ['true && dgxos-maas run --accel', ['run --accelerator ']],
  ])('%s<Tab>', async (typed, wanted) => {
    const text = await shown(shell, typed, wanted);
    for (const one of wanted) expect(text).toContain(one);
    expect(text).not.toMatch(/readonly|not found|rror/);
  });

  it('runs nothing of what is typed', async () => {
    await shown(shell, 'dgxos-maas upload $(touch typed) `touch typed` --to l', ['--to lab ']);
    await shown(shell, 'dgxos-maas upload x > redirected --to l', ['--to lab ']);
    expect(existsSync(join(host.dir, 'typed'))).toBe(false);
    expect(existsSync(join(host.dir, 'redirected'))).toBe(false);
  });
});

it('bash says nothing when it is loaded twice in one shell, nor with nounset', async () => {
  const script =
    'set -u; source <(dgxos-maas completion bash); source <(dgxos-maas completion bash); complete -p dgxos-maas';
  const { stdout, stderr } = await execa('bash', ['--norc', '-c', script], {
    env: host.env,
    extendEnv: false,
  });
  expect([stdout, stderr]).toEqual(['complete -o default -F _dgxos_maas dgxos-maas', '']);
});

it.each(SHELLS)('%s: the result is one object with --json', async (shell) => {
  const { json } = await host.run(['completion', shell, '--json']);
  expect(json).toMatchObject({ ok: true, shell });
  expect(json.script).toContain('dgxos-maas complete -- ');
});

it('another shell is a usage error that names those there are', async () => {
  const { code, stderr } = await host.run(['completion', 'tcsh']);
  expect(code).toBe(2);
  expect(stderr).toContain('bash, zsh, fish');
});
