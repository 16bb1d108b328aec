/** The page that asks who somebody is, and what comes back from it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type Provider from 'oidc-provider';
import type { LoginFile } from './config.ts';

const maxBody = 4096;
/** Whoever guesses has time. */
const refusedMs = 300;

const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const sameText = (a: string, b: string) => {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
};

function page(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    .end(
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>Log in to Atoll</title><style>body{font:16px system-ui;max-width:22rem;margin:15vh auto}input,button{font:inherit;width:100%;margin:.3rem 0 1rem;padding:.4rem;box-sizing:border-box}</style>${body}</html>`,
    );
}

function form(response: ServerResponse, { client, problem = '' }: { client: string; problem?: string }): void {
  page(
    response,
    problem === '' ? 200 : 401,
    `<h1>Log in</h1><p>${escaped(client)} wants to know who you are. ${escaped(problem)}</p><form method="post">
<label>User<input name="login" autocomplete="username" autofocus required></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
<button>Log in</button></form>`,
  );
}

/** A program on the person's machine says which one it is, and any other could say so: it gets nothing silently (RFC 8252, 8.6). */
function asked(response: ServerResponse, client: string, account: string): void {
  const text = `${escaped(client)} on this machine wants to act for you. Go on only if you have just started it.`;
  page(
    response,
    200,
    `<h1>Go on as ${escaped(account)}?</h1><p>${text}</p><form method="post"><button>Go on</button></form>`,
  );
}

async function bodyOf(request: IncomingMessage): Promise<URLSearchParams | null> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > maxBody) return null;
  }
  return new URLSearchParams(text);
}

export const isInteraction = (request: IncomingMessage): boolean => (request.url ?? '').startsWith('/interaction/');

/** The cookie of the interaction, which nobody else has, says whose login it is. */
export async function interact(
  provider: Provider,
  file: LoginFile,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let details: Awaited<ReturnType<Provider['interactionDetails']>>;
  try {
    details = await provider.interactionDetails(request, response);
  } catch {
    return page(response, 400, '<h1>Too late</h1><p>This login has ended. Go back to where you came from.</p>');
  }
  const client = String(details.params.client_id);
  const account = details.session?.accountId;
  if (details.prompt.name === 'consent' && account !== undefined) {
    if (request.method !== 'POST') return asked(response, client, account);
    const consent = { consent: details.grantId === undefined ? {} : { grantId: details.grantId } };
    return await provider.interactionFinished(request, response, consent, { mergeWithLastSubmission: true });
  }
  if (request.method !== 'POST') return form(response, { client });
  const given = await bodyOf(request);
  const login = given?.get('login') ?? '';
  const user = file.users.find((known) => known.login === login);
  const good = sameText(given?.get('password') ?? '', user?.password ?? '');
  if (!user || !good) {
    await setTimeout(refusedMs);
    return form(response, { client, problem: 'There is no user with this password.' });
  }
  await provider.interactionFinished(request, response, { login: { accountId: user.login } });
}
