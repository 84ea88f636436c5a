// The terminal's script opens downloads without the secret word, where nobody gets anything.
const withWord = (address) => String(address).replace(`${location.origin}/download/`, new URL("download/", location.href));
const openWindow = window.open.bind(window);
window.open = (address, ...rest) => openWindow(withWord(address), ...rest);

// Keys go to the terminal from the first one on, and again when the user comes back to the tab.
const focus = () => document.querySelector(".xterm-helper-textarea")?.focus();
window.addEventListener("load", focus);
window.addEventListener("focus", focus);
