@org.jspecify.annotations.NullMarked
package io.lispfabric.server.core;
