@NullMarked
package io.lispfabric.conformance.command;

import org.jspecify.annotations.NullMarked;
