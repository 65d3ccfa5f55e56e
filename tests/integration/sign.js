// Signs as the providers' own libraries do: node sign.js FOLDER KIND SECRET TIME-S TEXT [name=value…]
// TEXT is the body; of twilio the URL, with the parameters after it.
const path = require('path');
const [folder, kind, secret, time, text, ...parameters] = process.argv.slice(2);
const load = (file) => require(path.resolve(folder, 'node_modules', file));

const signers = {
  stripe() {
    const { createWebhooks } = load('stripe/cjs/Webhooks.js');
    const { NodeCryptoProvider } = load('stripe/cjs/crypto/NodeCryptoProvider.js');
    const webhooks = createWebhooks({ createDefaultCryptoProvider: () => new NodeCryptoProvider() });
    return webhooks.generateTestHeaderString({ payload: text, secret, timestamp: Number(time) });
  },
  standard() {
    const { Webhook } = load('standardwebhooks/dist/index.js');
    return new Webhook(secret).sign('msg_1', new Date(Number(time) * 1000), text);
  },
  twilio() {
    const { getExpectedTwilioSignature } = load('twilio/lib/webhooks/webhooks.js');
    const form = {};
    for (const parameter of parameters) {
      const equals = parameter.indexOf('=');
      form[parameter.slice(0, equals)] = parameter.slice(equals + 1);
    }
    return getExpectedTwilioSignature(secret, text, form);
  },
};
process.stdout.write(signers[kind]());
