// Asks the browser for a passkey and sends its answer with the form. Nothing is stored in the browser.
"use strict";

// What an authenticator with PRF turns into the secret that opens the key. It is the same for everybody: each passkey
// makes something else of it.
const LABEL = "clinic/staff/passkey/prf/v1";

const form = document.querySelector("form[data-passkey]");
const problem = document.getElementById("passkey-problem");

const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function prfInput() {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(LABEL));
}

const prfOf = (credential) => credential.getClientExtensionResults().prf;

async function create(json) {
  const input = await prfInput();
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(json);
  publicKey.extensions = { ...publicKey.extensions, prf: { eval: { first: input } } };
  const credential = await navigator.credentials.create({ publicKey });
  const prf = prfOf(credential);
  return { credential, secret: prf?.results?.first ?? (prf?.enabled ? await evaluate(credential, json, input) : null) };
}

// Some authenticators give the output only when the new passkey is used.
async function evaluate(made, json, input) {
  const publicKey = {
    challenge: crypto.getRandomValues(new Uint8Array(32)),
    rpId: json.rp.id,
    allowCredentials: [{ type: "public-key", id: made.rawId }],
    userVerification: "required",
    extensions: { prf: { eval: { first: input } } },
  };
  try {
    return prfOf(await navigator.credentials.get({ publicKey }))?.results?.first ?? null;
  } catch {
    return null;
  }
}

async function get(json) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(json);
  publicKey.extensions = { ...publicKey.extensions, prf: { eval: { first: await prfInput() } } };
  const credential = await navigator.credentials.get({ publicKey });
  return { credential, secret: prfOf(credential)?.results?.first ?? null };
}

// The server wants `extensions` as text, and has no use for the secret in here.
function answer(credential) {
  const json = credential.toJSON();
  json.clientExtensionResults = {};
  json.extensions = "{}";
  return JSON.stringify(json);
}

async function ask() {
  problem.textContent = "";
  if (!globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON) {
    problem.textContent = "This browser is too old for passkeys. Use your password and an authenticator app.";
    return;
  }
  const json = JSON.parse(form.dataset.options);
  try {
    const { credential, secret } = await (form.dataset.passkey === "create" ? create(json) : get(json));
    form.elements.credential.value = answer(credential);
    form.elements.prf.value = secret ? text(secret) : "";
  } catch (error) {
    problem.textContent = error.name === "InvalidStateError"
      ? "This device has a passkey for you already."
      : "No passkey was used. Ask again, or go another way.";
    return;
  }
  form.submit();
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  ask();
}
