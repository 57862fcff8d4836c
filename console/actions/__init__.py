"""What the operator can do: one short async function each."""
