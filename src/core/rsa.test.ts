import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { suite, test } from 'node:test';
import { publicKeyOf, rsaKeysFromText, signRsaSha256, verifyRsaSha256 } from './rsa.ts';

suite('RSA signatures', () => {
  const keys = rsaKeysFromText('a text');
  const bare = (pem: string): string => pem.replaceAll(/-----[^-]+-----|\s/gu, '');

  test('the same text gives the same key pair of 2048 bits, another text another', () => {
    assert.deepEqual(rsaKeysFromText('a text'), keys);
    assert.notEqual(rsaKeysFromText('another text').publicKey, keys.publicKey);
    assert.equal(createPrivateKey(keys.privateKey).asymmetricKeyDetails?.modulusLength, 2048);
    assert.equal(publicKeyOf(keys.privateKey), keys.publicKey);
  });

  test('what the private key signed is verified by the public key, for every form in which keys are handed out', () => {
    const made = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const privateForms = [
      made.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      made.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    ];
    const publicForms = [
      made.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      made.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    ];
    const written = (forms: readonly string[]): readonly string[] => [
      ...forms,
      ...forms.map(bare),
      ...forms.map((form) => form.replaceAll('\n', String.raw`\n`)),
    ];
    for (const privateKey of written(privateForms)) {
      const signature = signRsaSha256(privateKey, 'text 文');
      for (const publicKey of written(publicForms))
        assert.equal(verifyRsaSha256(publicKey, Buffer.from('text 文'), signature), true);
    }
  });

  test('no other text, key or signature is taken, nor another base64 text of the same signature', () => {
    const signature = signRsaSha256(keys.privateKey, 'text');
    assert.equal(verifyRsaSha256(keys.publicKey, 'text', signature), true);
    assert.equal(verifyRsaSha256(keys.publicKey, 'Text', signature), false);
    assert.equal(verifyRsaSha256(rsaKeysFromText('another text').publicKey, 'text', signature), false);
    const last = signature.at(-3) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const sameBytes = `${signature.slice(0, -3)}${alphabet.charAt(alphabet.indexOf(last) + 1)}==`;
    assert.deepEqual(Buffer.from(sameBytes, 'base64'), Buffer.from(signature, 'base64'));
    for (const wrong of [sameBytes, ` ${signature}`, signature.slice(0, -2), '', 'no base64']) {
      assert.equal(verifyRsaSha256(keys.publicKey, 'text', wrong), false);
    }
  });

  test('a key that cannot be read verifies nothing and is not repeated by the error of signing', () => {
    const signature = signRsaSha256(keys.privateKey, 'text');
    const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const wrongKeys = [
      '',
      'secret-looking text',
      elliptic.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      keys.privateKey,
    ];
    for (const wrong of wrongKeys) assert.equal(verifyRsaSha256(wrong, 'text', signature), false);
    assert.throws(
      () => signRsaSha256('secret-looking text', 'text'),
      (error: Error) => !error.message.includes('secret-looking'),
    );
    assert.throws(() => signRsaSha256(keys.publicKey, 'text'), TypeError);
  });
});
