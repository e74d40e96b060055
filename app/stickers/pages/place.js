(function () {
  var doc = document, here = doc.getElementById("here"), live = doc.getElementById("live"), times = 0, last;
  function show(id, yes) { doc.getElementById(id).hidden = !yes; }
  if (here && navigator.geolocation) {
    here.hidden = false;
    here.onsubmit = function () {
      show("asking", true); show("denied", false); show("placed", false);
      navigator.geolocation.getCurrentPosition(send, function () {
        show("asking", false); show("denied", true);
        doc.getElementById("write").place.focus();
      }, { enableHighAccuracy: true, timeout: 20000, maximumAge: 30000 });
      return false;
    };
  }
  // Beside the page, so that words which are half written stay.
  function send(found) {
    var asked = new XMLHttpRequest(), body = "once=" + here.once.value + "-" + ++times + "&lat=" + found.coords.latitude +
      "&lon=" + found.coords.longitude + "&accuracy=" + found.coords.accuracy;
    asked.open("POST", here.action);
    asked.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
    asked.onloadend = function () {
      show("asking", false);
      show(asked.status === 200 ? "placed" : "denied", true);
      look();
    };
    asked.send(body);
  }
  // What was typed stays: only the part above the forms is put anew.
  function look() {
    if (doc.hidden) return;
    var asked = new XMLHttpRequest();
    asked.open("GET", "/s/board/live" + location.search);
    asked.onload = function () {
      if (asked.status === 200 && asked.responseText !== last) live.innerHTML = last = asked.responseText;
      if (asked.status === 410) location.replace("/s/board" + location.search);
    };
    asked.send();
  }
  if (live) {
    last = live.innerHTML;
    doc.getElementById("again").onsubmit = function () { look(); return false; };
    setInterval(look, 8000);
    doc.addEventListener("visibilitychange", look);
  }
  // A photo of a camera is some megabytes; what a family needs to see is not.
  var photo = doc.getElementById("write"), pick = photo && photo.photo;
  if (pick) pick.onchange = function () {
    var file = pick.files && pick.files[0];
    if (!file || !window.createImageBitmap || !window.DataTransfer) return;
    createImageBitmap(file).then(function (image) {
      var share = Math.min(1, 1280 / Math.max(image.width, image.height)), canvas = doc.createElement("canvas");
      canvas.width = image.width * share; canvas.height = image.height * share;
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(function (small) {
        if (!small || pick.files[0] !== file) return;
        var carrier = new DataTransfer();
        carrier.items.add(new File([small], "photo.jpg", { type: "image/jpeg" }));
        pick.files = carrier.files;
      }, "image/jpeg", 0.8);
    }).catch(function () {});
  };
})();
