/**
 * Functions of four lanes, each a function of its own: the compiler of expressions (src/ops/activation/expression) reads their
 * bodies out of this module's binary and writes them into the modules that it makes, so that both have the same bits. A
 * template takes lanes and gives lanes, calls nothing and returns at its end.
 */
import { exp4, naturalLogarithm4, sigmoid4, tanh4 } from "../base/math";
import { cos4, sin4 } from "../base/sine";
import * as elementary from "./elementary";

export function templateExp(x: v128): v128 {
  return exp4(x);
}
export function templateExpm1(x: v128): v128 {
  return elementary.expm14(x);
}
export function templateLog(x: v128): v128 {
  return naturalLogarithm4(x);
}
export function templateLog1p(x: v128): v128 {
  return elementary.log1pAny4(x);
}
export function templateSin(x: v128): v128 {
  return sin4(x);
}
export function templateCos(x: v128): v128 {
  return cos4(x);
}
export function templateSinh(x: v128): v128 {
  return elementary.sinh4(x);
}
export function templateCosh(x: v128): v128 {
  return elementary.cosh4(x);
}
export function templateTanh(x: v128): v128 {
  return tanh4(x);
}
export function templateAtan(x: v128): v128 {
  return elementary.atan4(x);
}
export function templateAsinh(x: v128): v128 {
  return elementary.asinh4(x);
}
export function templateErf(x: v128): v128 {
  return elementary.erf4(x);
}
export function templateSigmoid(x: v128): v128 {
  return sigmoid4(x);
}
export function templateSoftplus(x: v128): v128 {
  return elementary.softplus4(x);
}
export function templateSign(x: v128): v128 {
  return elementary.sign4(x);
}
export function templateTanhOfSoftplus(x: v128): v128 {
  return elementary.tanhOfSoftplus4(x);
}
