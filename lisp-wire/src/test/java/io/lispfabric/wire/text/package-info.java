@org.jspecify.annotations.NullMarked
package io.lispfabric.wire.text;
