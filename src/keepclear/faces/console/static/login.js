// Signing in, with a password or a passkey. Whoever is signed in goes on to the console.
import { ask, hasPasskeys, on, valueOf } from "./door.js";

async function enter() {
  await ask("POST", "/v1/session", { login: valueOf("login"), password: valueOf("password") });
  location.replace("/");
}

on("enter", enter);
document.getElementById("password").addEventListener("keydown", (event) => {
  if (event.key === "Enter") document.getElementById("enter").click();
});

on("passkey", async () => {
  const options = await ask("POST", "/v1/session/passkey/options");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({ publicKey });
  await ask("POST", "/v1/session/passkey", { credential: credential.toJSON() });
  location.replace("/");
});

document.getElementById("passkey").hidden = !hasPasskeys();
document.getElementById("login").focus();
