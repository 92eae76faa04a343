import { type Change, type Comparison, fieldChanges, type Value } from '../change.ts';
import { concealed, proxyText } from '../proxy.ts';
import { NEEDS_IMAGES, PROXY_SETTINGS } from '../region-settings.ts';
import type { Setting } from '../site.ts';

/** Settings of the region. The three that make up the proxy are one change. */
export function settingChanges({ site, current }: Comparison): Change[] {
  const isProxy = ({ name }: Setting) => (PROXY_SETTINGS as readonly string[]).includes(name);
  const single = site.settings.filter((setting) => !isProxy(setting));
  return [
    ...single.flatMap((setting) => settingChange(setting, current.settings)),
    ...proxyChange(site.settings.filter(isProxy), current.settings),
  ];
}

function settingChange(setting: Setting, current: ReadonlyMap<string, unknown>): Change[] {
  const fields = fieldChanges([[setting.title, asText(current.get(setting.name)), asText(setting.value)]]);
  return fields.length ? [change(setting.name, fields, [setting])] : [];
}

function proxyChange(settings: Setting[], current: ReadonlyMap<string, unknown>): Change[] {
  const differing = settings.filter(({ name, value }) => !sameProxy(current.get(name), value));
  if (differing.length === 0) return [];
  const wanted = new Map<string, unknown>(settings.map(({ name, value }) => [name, value]));
  const [from, to] = [proxyText(current), proxyText(wanted)];
  const note = from === to ? ' (another password)' : '';
  return [change('http_proxy', [{ name: 'proxy', from, to: `${to}${note}` }], differing)];
}

function change(name: string, fields: Change['fields'], settings: Setting[]): Change {
  return {
    kind: 'update',
    phase: NEEDS_IMAGES.has(name) ? 'settings that need images' : 'settings',
    name: 'region',
    fields,
    path: ['region'],
    keys: Object.fromEntries(settings.map(({ name: setting, path }) => [setting, path])),
    async run({ client }) {
      for (const { name: setting, value } of settings)
        await client.call('maas/?op=set_config', { name: setting, value });
    },
  };
}

/** MAAS has null, an empty text or (3.8) a list where nothing, or several words, are meant. */
function asText(value: unknown): Value {
  if (typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.join(' ');
  return value === null || value === undefined ? '' : concealed(String(value));
}

function sameProxy(have: unknown, want: string | boolean): boolean {
  if (typeof want === 'boolean') return (have === true) === want;
  const url = (text: string) => (URL.canParse(text) ? new URL(text).href : text);
  return url(typeof have === 'string' ? have : '') === url(want);
}
