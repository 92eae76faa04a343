/** The processor of this host, as Debian names it. */
export const HOST_ARCHITECTURE: string = process.arch === 'x64' ? 'amd64' : process.arch;
