// What the pages before the console share: asking our own node, telling what it answered, and passkeys.

/** The answer of our node as a value; throws its own words. */
export async function ask(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
  });
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.detail || value.title || "The node did not answer.");
  return value;
}

/** Does something when a button is pressed; what goes wrong is said on the page, and no button waits twice. */
export function on(id, work) {
  const button = document.getElementById(id);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await work();
    } catch (problem) {
      tell(problem.message);
    }
    button.disabled = false;
  });
}

export function tell(words) {
  document.getElementById("say").textContent = words;
}

export function valueOf(id) {
  return document.getElementById(id).value;
}

/** Whether this browser can make and show passkeys here: it does so for names, and not for addresses. */
export function hasPasskeys() {
  return Boolean(globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) && location.hostname === "localhost";
}
