/** The address under which QEMU's user network shows the host's loopback to the guest. */
export const GUEST_SEES_HOST = '10.0.2.2';
