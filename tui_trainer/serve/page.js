// Keys go to the terminal from the first one on, and again when the user comes back to the tab.
const focus = () => document.querySelector(".xterm-helper-textarea")?.focus();
window.addEventListener("load", focus);
window.addEventListener("focus", focus);
