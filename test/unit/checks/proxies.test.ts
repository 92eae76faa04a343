import { describe, expect, it } from 'vitest';
import { goodRoot, judged, type Root } from './root.ts';

async function proxies(...files: [string, string][]) {
  const root = goodRoot();
  for (const [path, text] of files) root.put(path, text);
  return found(root);
}
async function found(root: Root) {
  return (await judged(root)).findings.find((f) => f.id === 'proxies')!;
}

describe('proxies', () => {
  it.each([
    ['etc/environment', 'PATH="/bin"\nHTTPS_PROXY="http://p:1/"\n'],
    ['etc/security/pam_env.conf', 'http_proxy DEFAULT=http://p:1 OVERRIDE=${http_proxy}\n'],
    ['etc/environment.d/90-x.conf', 'http_proxy=http://p:1\n'],
    ['usr/lib/environment.d/x.conf', 'all_proxy=socks5://p:1\n'],
    ['etc/systemd/system.conf.d/p.conf', '[Manager]\nDefaultEnvironment="A=b" "https_proxy=http://p:1"\n'],
    ['etc/systemd/user.conf', '[Manager]\nManagerEnvironment=HTTP_PROXY=http://p:1\n'],
    [
      'etc/systemd/system/docker.service.d/http-proxy.conf',
      '[Service]\nEnvironment="HTTP_PROXY=http://p:1" NO_PROXY=x\n',
    ],
    [
      'etc/systemd/system/containerd.service.d/p.conf',
      '[Service]\nEnvironment=A=b \\\n  HTTPS_PROXY=http://p:1\n',
    ],
    ['etc/systemd/system/snapd.service.d/p.conf', '[Service]\nEnvironment=http_proxy=http://p:1\n'],
    ['etc/systemd/system/service.d/p.conf', '[Service]\nEnvironment=http_proxy=http://p:1\n'],
    ['etc/profile', 'http_proxy=http://p:1; export http_proxy\n'],
    ['etc/profile.d/proxy.sh', 'P=p:1\nexport https_proxy="http://$P" # build\n'],
    ['etc/bash.bashrc', 'export ALL_PROXY=http://p:1\n'],
    ['root/.bashrc', 'export http_proxy=http://p:1\n'],
    ['etc/default/docker', 'export http_proxy="http://p:1/"\n'],
    ['etc/docker/daemon.json', '{"proxies": {"http-proxy": "http://p:1", "no-proxy": "x"}}'],
    ['root/.docker/config.json', '{"proxies": {"default": {"httpsProxy": "http://p:1"}}}'],
    ['etc/containers/containers.conf', '[containers]\nenv = [\n "a=b", "http_proxy=http://p:1"]\n'],
    ['etc/pip.conf', '[global]\nproxy = http://p:1\n'],
    ['root/.config/pip/pip.conf', '[install]\nproxy: p:1\n'],
    ['root/.pip/pip.conf', '[global]\nproxy=http://p:1\n'],
    ['etc/npmrc', '; c\nhttps-proxy=http://p:1/\n'],
    ['usr/etc/npmrc', 'proxy = http://p:1/\n'],
    ['root/.npmrc', 'proxy=http://p:1/\n'],
    ['etc/gitconfig', '[http]\n\tproxy = http://p:1\n'],
    ['root/.gitconfig', '[http "https://github.com"] proxy = p:1\n'],
    ['home/x/.gitconfig', '[remote "origin"]\n\tproxy = "p:1"\n'],
    ['etc/wgetrc', '#http_proxy = x\nHTTPS-Proxy = http://p:1/\n'],
    ['root/.curlrc', '--proxy "http://p:1"\n'],
    ['etc/skel/.curlrc', 'proxy=p:1\n'],
    ['etc/yum.conf', '[main]\nproxy=http://p:1\n'],
    ['root/.condarc', 'channels: [x]\nproxy_servers:\n  http: http://p:1\n'],
    ['root/.gemrc', ':sources: []\nhttp_proxy: http://p:1\n'],
    ['root/.cargo/config.toml', '[http]\nproxy = "p:1"\n'],
    ['etc/landscape/client.conf', '[client]\nhttps_proxy = http://p:1\n'],
    [
      'etc/dconf/db/local.d/00-proxy',
      "[system/proxy]\nmode='manual'\n[system/proxy/http]\nhost='p'\nport=1\n",
    ],
    [
      'usr/share/glib-2.0/schemas/90.gschema.override',
      "[org.gnome.system.proxy]\nmode='auto'\nautoconfig-url='http://p:1/x.pac'\n",
    ],
    ['etc/ubuntu-advantage/uaclient.conf', 'ua_config:\n  apt_http_proxy: null\n  https_proxy: http://p:1\n'],
    ['var/lib/ubuntu-advantage/user-config.json', '{"http_proxy": "http://p:1"}'],
    ['etc/cloud/cloud.cfg.d/x.cfg', 'apt: {proxy: "http://p:1"}\n'],
    ['etc/cloud/cloud.cfg.d/y.cfg', 'apt_proxy: http://p:1\n'],
    ['etc/cloud/cloud.cfg.d/z.cfg', 'apt:\n  conf: |\n    Acquire::http::Proxy "http://p:1";\n'],
    ['var/lib/snapd/state.json', '{"data": {"config": {"core": {"proxy": {"http": "http://p:1"}}}}}'],
  ])('of /%s', async (path, text) => {
    const finding = await proxies([path, text]);
    expect(finding).toMatchObject({ status: 'fail', severity: 'major' });
    expect(finding.items).toHaveLength(1);
    expect(finding.items![0]!.subject).toMatch(new RegExp(`^/${path.replace(/[.]/g, '\\.')} \\S`));
  });

  it.each([
    ['etc/docker/daemon.json', '{"registry-mirrors": ["http://m:1"]}'],
    [
      'etc/containerd/config.toml',
      '[plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]\n  endpoint = ["http://m:1"]\n',
    ],
    [
      'etc/containerd/certs.d/docker.io/hosts.toml',
      'server = "https://registry-1.docker.io"\n[host."http://m:1"]\n',
    ],
    [
      'etc/containers/registries.conf',
      '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "m:1"\n',
    ],
  ])('mirrors in /%s are a warning', async (path, text) => {
    expect(await proxies([path, text])).toMatchObject({ status: 'fail', severity: 'warning' });
  });

  it.each([
    ['etc/environment', '#http_proxy=http://p:1\nhttp_proxy=\nno_proxy=localhost\nhttps_proxy=""\n'],
    ['etc/profile.d/x.sh', 'http_proxy=http://p:1\nunset http_proxy\n'],
    ['etc/profile.d/x.sh', 'http_proxy=http://p:1\nhttp_proxy=\n'],
    ['etc/profile.d/x.sh', '# export http_proxy=http://p:1\nexport https_proxy=$UNSET\n'],
    [
      'etc/systemd/system/x.service',
      '[Service]\n#Environment=http_proxy=x\n; Environment=http_proxy=x\nEnvironment=http_proxy=x\nEnvironment=\n',
    ],
    ['etc/wgetrc', 'http_proxy = http://p:1\nuse_proxy = off\n'],
    ['etc/wgetrc', '#https_proxy = http://proxy.yoyodyne.com:18023/\n#use_proxy = on\n'],
    ['etc/npmrc', 'proxy=null\nhttps-proxy = \n//registry/:_authToken=x\n'],
    ['etc/gitconfig', '[user]\n\tproxy = x\n[http]\n\tproxy =\n\tproxySSLCert = x\n'],
    ['etc/docker/daemon.json', '{"proxies": {"no-proxy": "x"}, "log-driver": "proxy"}'],
    ['etc/dconf/db/local.d/x', "[system/proxy]\nmode='none'\n[system/proxy/http]\nhost='p'\n"],
    ['etc/ubuntu-advantage/uaclient.conf', 'ua_config:\n  apt_http_proxy: null\n  # http_proxy: x\n'],
    ['etc/cloud/cloud.cfg.d/x.cfg', '# apt: {proxy: http://p}\nssh_pwauth: no\nno_proxy: x\n'],
    ['etc/yum.conf', '[main]\nproxy=_none_\n'],
    ['etc/docker/daemon.json', '{ no json'],
    ['srv/environment', 'http_proxy=http://p:1\n'],
  ])('none in /%s: %j', async (path, text) => {
    expect(await proxies([path, text])).toMatchObject({ status: 'pass' });
  });

  it('goes by what a unit has with all its drop-ins', async () => {
    const unit: [string, string] = [
      'usr/lib/systemd/system/x.service',
      '[Service]\nEnvironment=http_proxy=http://p:1\nEnvironmentFile=-/etc/x/env\n',
    ];
    const drop = (text: string): [string, string] => ['etc/systemd/system/x.service.d/9.conf', text];
    expect(await proxies(unit)).toMatchObject({ status: 'fail' });
    expect(await proxies(unit, drop('[Service]\nEnvironment=\n'))).toMatchObject({ status: 'pass' });
    expect(await proxies(unit, drop('[Service]\nEnvironment=http_proxy=\n'))).toMatchObject({
      status: 'pass',
    });
    const file = await proxies(unit, drop('[Service]\nEnvironment=\n'), [
      'etc/x/env',
      'https_proxy=http://p:1\n',
    ]);
    expect(file.items?.map((i) => i.subject)).toEqual(['/etc/x/env https_proxy']);
  });

  it('keeps no password of a proxy', async () => {
    const finding = await proxies(
      ['etc/environment', 'http_proxy=http://user:SECRET@p:1/\nhttps_proxy=user:SECRET@p:1\n'],
      ['root/.curlrc', 'proxy = "http://user:SEC/R@ET@p:1"\nproxy-user = user:SECRET\n'],
      ['etc/cloud/cloud.cfg.d/x.cfg', 'apt: {proxy: "http://user:SECRET@p:1"}\n'],
      ['etc/apt/apt.conf.d/x', 'Acquire::http::Proxy "http://user:SECRET@p:1";\n'],
    );
    expect(finding.items).toHaveLength(5);
    expect(JSON.stringify(finding)).not.toMatch(/SEC|ET@/);
  });
});
