# Sourced by ./mvnw and ./lispctl: prints the home of a JDK 25, or says what is missing.
find_jdk() {
  local home
  for home in "${JDK25_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/*25* /opt/*jdk*25* "$HOME"/.sdkman/candidates/java/25*; do
    if [ -n "$home" ] && [ -x "$home/bin/javac" ] && grep -qs '^JAVA_VERSION="25' "$home/release"; then
      printf '%s\n' "$home"
      return 0
    fi
  done
  echo "lisp-fabric: no JDK 25 found. Install one (for example Temurin 25) and set JDK25_HOME to its folder;" \
    "looked at JDK25_HOME, JAVA_HOME, /usr/lib/jvm, /opt and SDKMAN." >&2
  return 1
}
