import { EXIT } from '../../core/faults/catalogue.ts';
import { Fault } from '../../core/faults/fault.ts';
import { registerSecret } from '../../core/secrets/registry.ts';
import type { Content } from '../../host/http/content.ts';
import type { MaasClient } from '../api/client.ts';
import { atLeast } from '../api/version.ts';

const V3 = '/a/v3';

export interface StreamedImage {
  name: string;
  sha256: string;
  architecture: string;
  filetype: string;
  title: string;
  baseImage: string;
}

/**
 * MAAS 3.8's way of one streamed request, for one image. API v3 takes no API keys but a token that a user's name and
 * password give (MAAS_USERNAME, MAAS_PASSWORD); whether it is open is found with small requests, before the file is sent.
 */
export class StreamingEndpoint {
  readonly #client: MaasClient;
  readonly #headers: Record<string, string>;

  private constructor(client: MaasClient, headers: Record<string, string>) {
    this.#client = client;
    this.#headers = headers;
  }

  /** The door, or undefined where there is none, or none for this user. */
  static async find(client: MaasClient, env: NodeJS.ProcessEnv): Promise<StreamingEndpoint | undefined> {
    if (!atLeast(await client.version(), 3, 8)) return undefined;
    try {
      if (env.MAAS_USERNAME && env.MAAS_PASSWORD)
        return new StreamingEndpoint(client, {
          Authorization: await logIn(client, env.MAAS_USERNAME, env.MAAS_PASSWORD),
        });
      await client.raw('GET', `${V3}/custom_images?page=1&size=1`);
      return new StreamingEndpoint(client, {});
    } catch (error) {
      if (wasAborted(error)) throw error;
      return undefined;
    }
  }

  /** Sends the whole file as the body of one request; one try. */
  async send(image: StreamedImage, body: Content, answerMs: number): Promise<void> {
    const { filetype, baseImage, ...same } = image;
    const headers = { ...same, 'file-type': filetype, 'base-image': baseImage, ...this.#headers };
    await this.#client.raw('POST', `${V3}/custom_images`, { headers, body, answerMs });
  }
}

/** Whether the image's words can stand in headers. */
export function fitsHeaders(image: StreamedImage): boolean {
  return Object.values(image).every((value) => /^[\x20-\x7e]*$/.test(value));
}

/** Whether a fault is an interruption by the user, and not an error of the server. */
export function wasAborted(error: unknown): boolean {
  return !(error instanceof Fault) || error.exitCode === EXIT.sigint || error.exitCode === EXIT.sigterm;
}

async function logIn(client: MaasClient, username: string, password: string): Promise<string> {
  registerSecret(password);
  const bytes = Buffer.from(new URLSearchParams({ username, password }).toString());
  const body = { type: 'application/x-www-form-urlencoded', length: bytes.length, bytes };
  const answer = await client.raw('POST', `${V3}/auth/login`, { body });
  const { access_token: token } = JSON.parse(answer.text) as { access_token?: string };
  if (!token) throw client.notMaas(`${V3}/auth/login`, 'there is no token in it');
  registerSecret(token);
  return `Bearer ${token}`;
}
