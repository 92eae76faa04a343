import type { ImageFacts, Package } from '../facts/facts.ts';

type System = ImageFacts['osRelease'];

/**
 * The package URL of a Debian package: `pkg:deb/ubuntu/bash@5.0-6ubuntu1?arch=amd64&distro=focal`.
 * @see https://github.com/package-url/purl-spec (types/deb)
 */
export function debPurl({ name, version, arch }: Omit<Package, 'status'>, system: System): string {
  const distro = system?.codename || system?.versionId;
  const qualifiers = [
    ['arch', arch],
    ['distro', distro],
  ].flatMap(([key, value]) => (value ? [`${key}=${quote(value)}`] : []));
  return [
    'pkg:deb/',
    system?.id ? `${quote(system.id.toLowerCase())}/` : '',
    quote(name.toLowerCase()),
    version ? `@${quote(version)}` : '',
    qualifiers.length > 0 ? `?${qualifiers.join('&')}` : '',
  ].join('');
}

/** Percent-encoding by the purl specification: only letters, digits, `.-_~` and the colon are not encoded. */
function quote(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');
}
