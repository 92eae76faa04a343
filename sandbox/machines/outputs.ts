/** The output of failed scripts, as those of real machines do. */
export const COMMISSIONING_FAILURE = {
  name: '30-maas-01-bmc-config',
  output: `INFO: Loading IPMI kernel modules...
INFO: Checking for HP Moonshot...
INFO: Checking for IPMI...
INFO: IPMI detected!
INFO: Reading current IPMI BMC values...
INFO: Configuring IPMI Lan_Channel...
ERROR: IPMI Lan_Channel has unsupported settings!
`,
  stderr: `Traceback (most recent call last):
  File "/tmp/user_data.sh.3Ck1xQ/scripts/commissioning/30-maas-01-bmc-config", line 1167, in <module>
    main()
  File "/tmp/user_data.sh.3Ck1xQ/scripts/commissioning/30-maas-01-bmc-config", line 1124, in main
    detect_and_configure(args, bmc_config_path)
subprocess.CalledProcessError: Command '['bmc-config', '--commit', '--key-pair=Lan_Conf:IP_Address_Source=Use_DHCP']' returned non-zero exit status 1.
`,
};

export const TEST_FAILURE = {
  name: 'smartctl-validate',
  output: `INFO: Verifying SMART support for the following drive: /dev/nvme0n1
INFO: Running command: sudo -n smartctl --all /dev/nvme0n1
SMART overall-health self-assessment test result: FAILED!
- available spare has fallen below threshold
`,
  stderr: `FAILURE: SMART tests have FAILED for drive: /dev/nvme0n1
`,
};

export const ERASE_FAILURE = {
  name: 'wipe-disks',
  output: `nvme0n1: starting quick erase.
nvme1n1: starting quick erase.
nvme1n1: failed to be quickly erased.
`,
  stderr: `Error: Command ['wipefs', '-f', '-a', '/dev/nvme1n1'] returned non-zero exit status 1.
`,
};

export const RELEASE_FAILURE = {
  name: 'wipe-disks',
  output: 'The machine did not come up to run the release scripts.\n',
  stderr: '',
};

const head = (image: string) => `curtin: Installation started. (23.1.1-1082)
third party drivers not installed or necessary.
Started command block-meta
Finished command block-meta
Started command extract
Applying write_file from sources: ${image}
`;

/** curtin's log of an image that came up to its own curtin-hooks and no further. */
export function curtinFailure(image: string, how: 'no-efi' | 'hook'): string {
  const what =
    how === 'no-efi'
      ? `        UEFI system requires a mount at /boot/efi: findmnt --target /boot/efi: not mounted
        grub-install: error: cannot find EFI directory.
`
      : `        /curtin/curtin-hooks: 61: update-initramfs: not found
`;
  return `${head(image)}Finished command extract
Running curtin-hooks from the image: /tmp/tmpq1vh0dqj/target/curtin/curtin-hooks
${what}Unexpected error while running command.
Command: ['/tmp/tmpq1vh0dqj/target/curtin/curtin-hooks']
Exit code: ${how === 'no-efi' ? 1 : 127}
Reason: -
Stdout: ''
Stderr: ''
curtin: Installation failed with exception: Unexpected error while running command.
Command: ['curtin', 'curthooks']
Exit code: 3
Reason: -
`;
}

export const curtinSuccess = (image: string) => `${head(image)}Finished command extract
Running curtin-hooks from the image
Finished command curthooks
curtin: Installation finished.
`;
