/** Run in the place of qemu-system-x86_64: asks for what a machine of a rehearsal asks for, and posts what curtin posts. */
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { rehearsalFiles } from '../../../pipeline/workspace/layout.ts';
import { event, Node } from './node.ts';
import type { Qmp } from './rehearsal-host.ts';
import { booted } from './stand-in.ts';

/** The guest, by the file beside the command: `result` of curtin, the text of its log, and where it hangs for ever. */
const { result, log, hangs, prints } = JSON.parse(
  readFileSync(join(process.env.STAND_IN as string, 'guest.json'), 'utf8'),
);

async function at(place: string): Promise<void> {
  if (place !== hangs) return;
  writeFileSync(join(process.env.STAND_IN as string, 'hangs'), place);
  await new Promise(() => setInterval(() => {}, 1000));
}

const argument = (name: string) => process.argv[process.argv.indexOf(name) + 1]!;

/** QEMU's monitor, as far as a rehearsal asks it: for the forwarded port and the state; it says what the test has given it. */
function monitor(machine: Qmp['machine'], sshPort: number): void {
  const given = join(process.env.STAND_IN as string, 'qmp.json');
  const qmp: Qmp | undefined = existsSync(given) ? JSON.parse(readFileSync(given, 'utf8')) : undefined;
  const { early = '', chunks = [], status = 'running', drives = [] } = qmp?.machine === machine ? qmp : {};
  const usernet = `  TCP[HOST_FORWARD]  12  127.0.0.1 ${sshPort}  10.0.2.15  22  0  0\r\n`;
  const answers: Record<string, unknown> = {
    'human-monitor-command': usernet,
    'query-status': { status },
    'query-block': drives,
  };
  const path = /^unix:([^,]+)/.exec(argument('-qmp'))![1]!;
  // As QEMU does: one of the machine before may be there.
  rmSync(path, { force: true });
  createServer(async (socket) => {
    socket.unref();
    socket.write(`{"QMP": {}}\n${early}`);
    socket
      .on('error', () => {})
      .on('data', (line) => {
        const { execute } = JSON.parse(String(line));
        socket.write(`${JSON.stringify({ return: answers[execute] ?? {} })}\n`);
      });
    for (const chunk of chunks) {
      await sleep(50);
      socket.write(chunk);
    }
  })
    .listen(path)
    .unref();
}

const installs = process.argv.includes('-readconfig');
if (installs) monitor('ephemeral', 0);
else {
  await at('boot');
  const folder = process.cwd();
  const { identity, keys } = JSON.parse(readFileSync(rehearsalFiles(folder).deployed, 'utf8'));
  await booted(
    { identity, folder },
    keys,
    {
      before: (command) =>
        at(/reboot/.test(command) ? 'reboot' : /result\.json/.test(command) ? 'result' : ''),
    },
    { machines: [], keys: [], commands: [] },
    {
      signal: new AbortController().signal,
      onRunning: ({ sshPort }) => monitor('disk', sshPort),
      onStopped() {},
    },
  );
}
if (prints) appendFileSync(/^file:(.+)/.exec(argument('-serial'))![1]!, prints, 'latin1');
await at('power-on');
const written = readFileSync(argument('-readconfig'), 'utf8');
const preseedUrl = new URL(/cloud-config-url=(\S+)/.exec(written)![1]!.replace('10.0.2.2', '127.0.0.1'));
const preseed = await (await fetch(preseedUrl)).text();
const { datasource, reporting } = parse(preseed);
const { consumer_key, token_key, token_secret, metadata_url } = datasource.MAAS;
const keys = { consumerKey: consumer_key, tokenKey: token_key, tokenSecret: token_secret };
const node = new Node({ origin: preseedUrl.origin }, keys);
const status = new URL(reporting.maas.endpoint).pathname;
const installer = await (await node.signed(`${new URL(metadata_url).pathname}/2012-03-01/user-data`)).text();
await node.signed(status, event('start', 'cmd-install'));
for (const stage of ['early', 'partitioning', 'extract']) {
  await node.signed(status, event('start', `cmd-install/stage-${stage}`));
  await at(stage);
}
const artifact = /http:\/\/10\.0\.2\.2(:\d+\/images\/[^"\s\\]+)/.exec(installer)![1]!;
await (await fetch(`http://127.0.0.1${artifact}`)).arrayBuffer();
if (result === 'FAIL') await node.signed(status, event('finish', 'cmd-install/stage-extract', { result }));
else await fetch(preseedUrl.origin + preseedUrl.pathname, { method: 'POST', body: 'op=netboot_off' });
await at('netboot-off');
const content = Buffer.from(`${log}\n${token_secret}\n`).toString('base64');
const files = [{ path: '/tmp/install.log', encoding: 'base64', content }];
await node.signed(status, event('finish', 'cmd-install', { result, files }));
