import { describe, expect, it } from 'vitest';
import { addressProblem, createFetchJson } from './fetch-json.ts';

describe('an address that a tenant names', () => {
  it.each([
    'http://login.example.com',
    'ftp://login.example.com',
    'https://127.0.0.1',
    'https://[::1]',
    'https://[::ffff:127.0.0.1]',
    'https://[::ffff:a00:1]',
    'https://10.0.0.1',
    'https://172.16.3.4',
    'https://192.168.1.1',
    'https://100.64.0.1',
    'https://169.254.169.254',
    'https://[fe80::1]',
    'https://[fd00::1]',
    'https://[64:ff9b::a00:1]',
    'https://0.0.0.0',
    'https://[::]',
    'https://224.0.0.1',
    'https://2130706433',
    'https://0x7f000001',
    'https://127.1',
    'nonsense',
  ])('%s leads nowhere', (url) => {
    expect(addressProblem(url, 'none')).not.toBeNull();
  });

  it('is public and https, and no more than the operator allows beside', () => {
    expect(addressProblem('https://login.example.com/realm', 'none')).toBeNull();
    expect(addressProblem('https://93.184.216.34', 'none')).toBeNull();
    expect(addressProblem('http://127.0.0.1:4000', 'loopback')).toBeNull();
    expect(addressProblem('http://localhost:4000', 'loopback')).toBeNull();
    expect(addressProblem('https://10.0.0.1', 'loopback')).not.toBeNull();
    expect(addressProblem('https://10.0.0.1', 'private')).toBeNull();
    expect(addressProblem('http://10.0.0.1', 'private')).not.toBeNull();
    for (const allow of ['loopback', 'private'] as const) {
      expect(addressProblem('https://169.254.169.254', allow)).not.toBeNull();
    }
  });

  it('is judged by what its name means when it is connected to', async () => {
    const asked = createFetchJson({ allow: 'none' })('https://localhost:1/keys');
    await expect(asked).rejects.toThrow('must be at a public address');
  });
});
