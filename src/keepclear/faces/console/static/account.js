// One's own account: a password, and passkeys.
import { ask, hasPasskeys, on, tell, valueOf } from "./door.js";

function show(account) {
  const list = document.getElementById("passkeys");
  list.replaceChildren();
  for (const passkey of account.passkeys) {
    const item = document.createElement("li");
    const drop = document.createElement("button");
    drop.type = "button";
    drop.textContent = `Forget ${passkey.name}`;
    drop.addEventListener("click", async () => {
      try {
        show(await ask("DELETE", `/v1/account/passkeys/${encodeURIComponent(passkey.id)}`));
      } catch (problem) {
        tell(problem.message);
      }
    });
    item.append(drop);
    list.append(item);
  }
}

on("set", async () => {
  show(await ask("POST", "/v1/account/password", { old: valueOf("old"), password: valueOf("password") }));
  tell("The password is set. Every other session of yours is closed.");
});

on("add", async () => {
  const options = await ask("POST", "/v1/account/passkeys/options");
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await navigator.credentials.create({ publicKey });
  show(await ask("POST", "/v1/account/passkeys", { credential: credential.toJSON(), name: valueOf("name") }));
  tell("The passkey is kept.");
});

document.getElementById("add").hidden = !hasPasskeys();
try {
  const who = await ask("GET", "/v1/session");
  document.getElementById("who").textContent = `${who.name} (${who.login}): ${who.roles.join(", ")}`;
  show(await ask("GET", "/v1/account"));
} catch (problem) {
  tell(problem.message);
}
