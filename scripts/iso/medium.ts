import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { $ } from 'zx';
import { DEMO } from './inputs.ts';

const VOLUME_ID = 'DEMO_INSTALLER';
const BIOS_MODULES =
  'iso9660 biosdisk normal configfile linux search search_fs_file all_video serial terminal test echo halt reboot ls part_msdos part_gpt';

/** Lays GRUB for BIOS and UEFI around what is in `tree` and writes the ISO. */
export async function makeMedium(out: string, tree: string, work: string): Promise<void> {
  const grub = join(tree, 'boot', 'grub');
  await mkdir(grub, { recursive: true });
  await mkdir(join(tree, 'EFI'), { recursive: true });
  await mkdir(join(tree, '.disk'), { recursive: true });
  await copyFile(join(DEMO, 'grub', 'grub.cfg'), join(grub, 'grub.cfg'));
  await writeFile(join(tree, '.disk', 'info'), 'Demo installer of dgxos-maas: Debian, not DGX OS\n');
  await writeFile(join(tree, 'UBUNTU_LIVE'), '');

  await $`grub-mkimage --format=i386-pc-eltorito --prefix=/boot/grub --output=${grub}/eltorito.img ${BIOS_MODULES.split(' ')}`;
  const efi = join(work, 'BOOTX64.EFI');
  await $`grub-mkstandalone --format=x86_64-efi --output=${efi} --locales= --fonts= --themes= --install-modules=${`${BIOS_MODULES.replace('biosdisk ', '')} fat efi_gop efi_uga`} boot/grub/grub.cfg=${`${DEMO}/grub/efi.cfg`}`;
  const image = join(tree, 'EFI', 'efiboot.img');
  await $`truncate --size=8M ${image}`;
  await $`mformat -i ${image} -v DEMO_EFI ::`;
  await $`mmd -i ${image} ::/EFI ::/EFI/BOOT`;
  await $`mcopy -i ${image} ${efi} ::/EFI/BOOT/BOOTX64.EFI`;

  await $({
    cwd: tree,
  })`find . -type f ! -name md5sum.txt ! -name eltorito.img | sort | xargs md5sum > md5sum.txt`;
  const bios = [
    '-b',
    'boot/grub/eltorito.img',
    '-no-emul-boot',
    '-boot-load-size',
    '4',
    '-boot-info-table',
    '--grub2-boot-info',
  ];
  const uefi = ['-eltorito-alt-boot', '-e', 'EFI/efiboot.img', '-no-emul-boot'];
  await $`xorriso -report_about WARNING -as mkisofs -volid ${VOLUME_ID} -J -R -o ${out} ${bios} ${uefi} ${tree}`;
}
