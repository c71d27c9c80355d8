// A form that a passkey fills in: fetches a challenge from the server, gets the device’s response and submits the form with it.
const CANCELLED = "No passkey was used. Try again, or continue without one.";

export function withPasskey(form) {
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) return;
  form.hidden = false;
  document.querySelector("[data-without-passkeys]")?.remove();
  const problem = form.querySelector("[data-problem]");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = "";
    try {
      form.elements[form.dataset.answer ?? "credential"].value = JSON.stringify(await deviceResponse(form));
      form.submit();
    } catch (error) {
      problem.textContent = error.sentence ?? CANCELLED;
    }
  });
}

async function deviceResponse(form) {
  const response = await fetch(form.dataset.ask, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  const options = await response.json();
  if (!response.ok) throw { sentence: options.errors?.[0]?.message ?? options.detail };
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  return credential.toJSON();
}
