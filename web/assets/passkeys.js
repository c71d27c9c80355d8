// A form that a passkey fills in: asks the server for a challenge, the device for an answer, and sends that as the form’s own.
const CANCELLED = "No passkey was used. Try again, or go on without one.";

export function withPasskey(form) {
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) return;
  form.hidden = false;
  document.querySelector("[data-without-passkeys]")?.remove();
  const problem = form.querySelector("[data-problem]");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = "";
    try {
      form.elements.credential.value = JSON.stringify(await answer(form));
      // The password was for the asking alone.
      if (form.elements.password) form.elements.password.value = "";
      form.submit();
    } catch (error) {
      problem.textContent = error.sentence ?? CANCELLED;
    }
  });
}

async function answer(form) {
  const response = await fetch(form.dataset.ask, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  const asked = await response.json();
  if (!response.ok) throw { sentence: asked.errors?.[0]?.message ?? asked.detail };
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
  return credential.toJSON();
}
