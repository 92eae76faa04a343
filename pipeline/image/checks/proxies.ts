import { type Check, failOr, type Item } from './types.ts';

/** Proxies of a build, its installer or its administrator that a machine cannot reach. */
export const PROXIES_CHECK: Check = {
  number: 33,
  id: 'proxies',
  title: 'No proxy of the build machine',
  wrong: 'a proxy of the build machine is set',
  severity: 'major',
  why: 'apt, cloud-init, snapd and container engines wait for a proxy that the machine cannot reach.',
  fix: 'As the last step, remove the setting from the named file; machines get their proxy from MAAS.',
  reads:
    /^etc\/(apt|environment|profile|default\/|docker|containerd|npmrc|gitconfig|pip|wgetrc|systemd)|^var\/lib\/snapd\/state\.json$/,
  evaluate({ apt, proxies }) {
    const items: Item[] = apt.proxies.map(({ file, line, text }) => ({
      subject: `${file} ${text.split(' ', 1)[0]}`,
      text: `${file}:${line}: ${text}`,
    }));
    for (const { file, line, program, name, value, mirror } of proxies)
      items.push({
        subject: `${file} ${name}`,
        text: `${file}:${line}: ${name} ${value} (${program}${mirror ? '; a mirror' : ''})`,
        severity: mirror ? 'warning' : undefined,
      });
    return failOr(items, 'none');
  },
};
